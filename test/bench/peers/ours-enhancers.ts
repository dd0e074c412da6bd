import {
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type { Observable } from 'rxjs';

class PassingGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class PassingInterceptor implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

class PassingPipe implements PipeTransform {
  transform(value: unknown): unknown {
    return value;
  }
}

@Catch()
class PassingFilter implements ExceptionFilter {
  catch(exception: unknown): never {
    throw exception;
  }
}

export type EnhancerName = 'guard' | 'interceptor' | 'pipe' | 'filter';

/** Class decorators that put something around each handler which does nothing: what it costs to be asked is measured. */
export const enhancers: Record<EnhancerName, ClassDecorator> = {
  guard: UseGuards(PassingGuard),
  interceptor: UseInterceptors(PassingInterceptor),
  pipe: UsePipes(PassingPipe),
  filter: UseFilters(PassingFilter),
};
