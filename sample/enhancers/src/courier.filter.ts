import { Catch, type ExceptionFilter } from '@nestjs/common';
import { RetryTask } from 'nestjs-redis-task-queue';

export class NoCourierError extends Error {
  constructor(to: string) {
    super(`There is no courier to ${to} now`);
  }
}

/** Says in the words of the queue what an error of the application means for the task. */
@Catch(NoCourierError)
export class CourierFilter implements ExceptionFilter<NoCourierError> {
  catch(error: NoCourierError): never {
    throw new RetryTask({ delay: '100ms', reason: error.message });
  }
}
