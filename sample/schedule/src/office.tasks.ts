import { Injectable } from '@nestjs/common';
import { type TaskContext, TaskHandler, TaskSchedule } from 'nestjs-redis-task-queue';
import { say } from './say.js';

export const OFFICE_QUEUE = 'office';

/** What an office does by the clock. */
@Injectable()
export class OfficeTasks {
  /** Every two seconds, so that there is something to see. */
  @TaskHandler('pulse', { queue: OFFICE_QUEUE })
  @TaskSchedule({ every: '2s' }, { overlap: 'skip' })
  pulse(_: null, { id }: TaskContext): void {
    say(`pulse ${id}`);
  }

  /** On working days at eight in Berlin, in summer and in winter. If nobody is there then, as soon as somebody is. */
  @TaskHandler('report.build', { queue: OFFICE_QUEUE, attempts: 3 })
  @TaskSchedule('0 8 * * 1-5', { name: 'morning-report', timezone: 'Europe/Berlin', data: { kind: 'morning' } })
  build({ kind }: { kind: string }): void {
    say(`the ${kind} report is built`);
  }

  @TaskHandler('remind', { queue: OFFICE_QUEUE })
  remind({ text }: { text: string }): void {
    say(`reminder: ${text}`);
  }
}
