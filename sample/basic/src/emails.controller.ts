import type { ServerResponse } from 'node:http';
import { Body, Controller, HttpCode, HttpStatus, Post, Res } from '@nestjs/common';
import { TaskProducer } from 'nestjs-redis-task-queue';
import { parseEmail } from './email.js';
import { SEND_EMAIL } from './email.tasks.js';

/** Where to look for what became of the e-mail. */
interface Accepted {
  id: string;
  /** The path of the task, the same as in the Location header. */
  status: string;
}

@Controller('emails')
export class EmailsController {
  constructor(private readonly producer: TaskProducer) {}

  /** Answers as soon as Redis has the task; a worker sends the e-mail later. */
  @Post()
  @HttpCode(HttpStatus.ACCEPTED)
  async send(@Body() body: unknown, @Res({ passthrough: true }) response: ServerResponse): Promise<Accepted> {
    const { id } = await this.producer.add(SEND_EMAIL, parseEmail(body));
    // An id contains a colon, and one that the caller chose may contain anything.
    const status = `/tasks/${encodeURIComponent(id)}`;
    response.setHeader('Location', status);
    return { id, status };
  }
}
