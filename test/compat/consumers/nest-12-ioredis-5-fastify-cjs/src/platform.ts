import { FastifyAdapter } from '@nestjs/platform-fastify';

export const httpAdapter = (): FastifyAdapter => new FastifyAdapter();
