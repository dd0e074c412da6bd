import { FastifyAdapter } from '@nestjs/platform-fastify';

export const httpAdapter = (): FastifyAdapter => new FastifyAdapter();

/** Whether @opentelemetry/api is installed here. */
export const telemetry = false;
