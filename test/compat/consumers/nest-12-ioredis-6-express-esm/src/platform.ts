import { ExpressAdapter } from '@nestjs/platform-express';

export const httpAdapter = (): ExpressAdapter => new ExpressAdapter();
