import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpStatus } from '@nestjs/common';
import { InvalidTaskDataError } from 'nestjs-redis-task-queue';

/** What the schema of a task does not accept is the fault of whoever sent it. */
@Catch(InvalidTaskDataError)
export class InvalidDataFilter implements ExceptionFilter {
  catch({ issues }: InvalidTaskDataError, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    response.statusCode = HttpStatus.BAD_REQUEST;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ issues }));
  }
}
