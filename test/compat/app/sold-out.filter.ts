import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { getTaskContext } from 'nestjs-redis-task-queue';

export class SoldOutError extends Error {}

@Catch(SoldOutError)
export class SoldOutFilter implements ExceptionFilter<SoldOutError> {
  catch(_error: SoldOutError, host: ArgumentsHost): string {
    return `refunded at attempt ${getTaskContext(host).attempt}`;
  }
}
