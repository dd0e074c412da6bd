import { Injectable } from '@nestjs/common';
import { type ReceivedOf, TaskHandler } from 'nestjs-redis-task-queue';
import { BuildQuote, type Quote } from './contract.js';

const DAY_MS = 86_400_000;

@Injectable()
export class QuoteTasks {
  /** What arrives is valid, and `validUntil` is a Date by now. With other data or another result this does not compile. */
  @TaskHandler(BuildQuote)
  async build({ lines, validUntil }: ReceivedOf<typeof BuildQuote>): Promise<Quote> {
    const pieces = lines.reduce((sum, line) => sum + line.pieces, 0);
    return { pieces, daysLeft: Math.ceil((validUntil.getTime() - Date.now()) / DAY_MS) };
  }
}
