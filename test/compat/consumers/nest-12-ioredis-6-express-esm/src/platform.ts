import { ExpressAdapter } from '@nestjs/platform-express';

export const httpAdapter = (): ExpressAdapter => new ExpressAdapter();

/** Whether @opentelemetry/api is installed here. */
export const telemetry = true;
