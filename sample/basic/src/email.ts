import { BadRequestException } from '@nestjs/common';

/** What to send, and the data of the task that sends it. */
export interface Email {
  to: string;
  subject: string;
}

/** Reads the body of a request, which can be anything. @throws BadRequestException */
export function parseEmail(body: unknown): Email {
  const { to, subject = '(no subject)' } = Object(body) as Record<string, unknown>;
  if (typeof to !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(to)) {
    throw new BadRequestException('"to" must be an e-mail address');
  }
  if (typeof subject !== 'string') throw new BadRequestException('"subject" must be text');
  return { to, subject };
}
