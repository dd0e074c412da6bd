import { defineTask } from 'nestjs-redis-task-queue';
import { z } from 'zod';

/** What the two sides agree on: all that the side of HTTP and the worker have in common. */
const quoteSchema = z.object({
  customer: z.email(),
  lines: z.array(z.object({ article: z.string().min(1), pieces: z.number().int().positive() })).min(1),
  validUntil: z.iso.date().transform((text) => new Date(text)),
});

export interface Quote {
  pieces: number;
  daysLeft: number;
}

export const BuildQuote = defineTask<typeof quoteSchema, Quote>('quote.build', {
  queue: 'quotes',
  attempts: 3,
  timeout: '30s',
  schema: quoteSchema,
});
