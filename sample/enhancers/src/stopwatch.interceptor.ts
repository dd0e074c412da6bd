import { type CallHandler, type ExecutionContext, Injectable, Logger, type NestInterceptor } from '@nestjs/common';
import { getTaskContext } from 'nestjs-redis-task-queue';
import { finalize, type Observable } from 'rxjs';

/** Says how long each attempt took, with its pipes. */
@Injectable()
export class StopwatchInterceptor implements NestInterceptor {
  private readonly logger = new Logger('Stopwatch');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { name, id, attempt } = getTaskContext(context);
    const startedAt = performance.now();
    return next.handle().pipe(
      finalize(() => {
        const ms = (performance.now() - startedAt).toFixed(1);
        this.logger.log(`${name} ${id}, attempt ${attempt}: ${ms} ms`);
      }),
    );
  }
}
