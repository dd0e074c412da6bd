import type { Logger } from '@nestjs/common';

export type GuardedLog = Pick<Logger, 'debug' | 'error' | 'log' | 'warn'>;

/** A logger of the application's own that throws must not take the worker down with it. */
export function guardedLog(logger: Logger): GuardedLog {
  const guard = (write: () => void): void => {
    try {
      write();
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  };
  return {
    debug: (text: unknown) => guard(() => logger.debug(text)),
    error: (text: unknown, stack?: string) => guard(() => logger.error(text, stack)),
    log: (text: unknown) => guard(() => logger.log(text)),
    warn: (text: unknown) => guard(() => logger.warn(text)),
  };
}
