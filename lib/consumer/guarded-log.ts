import type { Logger } from '@nestjs/common';

/** A logger of the application's own that throws must not take the process down from within a timer. */
export function guardedLog(logger: Logger): Pick<Logger, 'debug' | 'warn'> {
  const guarded =
    (level: 'debug' | 'warn') =>
    (text: string): void => {
      try {
        logger[level](text);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    };
  return { debug: guarded('debug'), warn: guarded('warn') };
}
