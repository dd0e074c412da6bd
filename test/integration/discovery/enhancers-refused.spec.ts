import { type CanActivate, Injectable, type PipeTransform, Scope, UseFilters, UseGuards } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { type RedisTaskQueueOptions, TaskData, TaskHandler } from '../../../lib/index.js';
import { redisFixture } from '../../support/redis-fixture.js';
import { startApp, type TestApp } from '../../support/test-app.js';

const fixture = redisFixture('refused');

const start = (providers: object[], options: RedisTaskQueueOptions = {}): Promise<TestApp> =>
  startApp({ redis: fixture.url, prefix: fixture.prefix, ...options }, providers as never[]);

function refusal(...parts: string[]): object {
  return {
    code: 'UNSUPPORTED_HANDLER',
    message: expect.stringMatching(new RegExp(parts.join('.*'))) as string,
  };
}

@Injectable()
class OpenGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

class Plain {
  @TaskHandler('plain')
  run(): void {}
}

/** A guard that is left out lets everything pass: better no start than a start without it. */
describe('at start', () => {
  it.each([Scope.REQUEST, Scope.TRANSIENT])('refuses a guard of scope %s', async (scope) => {
    @Injectable({ scope })
    class ScopedGuard extends OpenGuard {}
    class Guarded {
      @TaskHandler('guarded')
      @UseGuards(ScopedGuard)
      run(): void {}
    }
    await expect(start([Guarded])).rejects.toMatchObject(refusal('Guarded\\.run', 'request-scoped or transient'));
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'refuses what is global and of scope %s, unless it is kept away',
    async (scope) => {
      const provider = { provide: APP_GUARD, useClass: OpenGuard, scope };
      await expect(start([Plain, provider])).rejects.toMatchObject(
        refusal('Plain\\.run', 'the global OpenGuard', 'globalEnhancers: false'),
      );
      const { app } = await start([Plain, provider], { globalEnhancers: false });
      expect(app.get(Plain)).toBeInstanceOf(Plain);
    },
  );

  it('has nothing against it where there is no handler', async () => {
    const provider = { provide: APP_INTERCEPTOR, useClass: OpenGuard, scope: Scope.REQUEST };
    await expect(start([provider])).resolves.toBeDefined();
  });

  it.each(['guard', 'filter', 'pipe'])(
    'refuses a %s that is given as a class to what a factory makes',
    async (kind) => {
      @Injectable()
      class Enhancer implements CanActivate, PipeTransform {
        canActivate = (): boolean => true;
        catch = (): void => undefined;
        transform = (value: unknown): unknown => value;
      }
      class Guarded {
        @TaskHandler('x')
        @UseGuards(Enhancer)
        run(): void {}
      }
      class Filtered {
        @TaskHandler('x')
        @UseFilters(Enhancer)
        run(): void {}
      }
      class Piped {
        @TaskHandler('x')
        run(@TaskData(Enhancer) _data: unknown): void {}
      }
      const type = { guard: Guarded, filter: Filtered, pipe: Piped }[kind]!;
      await expect(start([{ provide: 'made', useFactory: () => new type() }])).rejects.toMatchObject(
        refusal('made\\.run', 'Nest has made no Enhancer', 'new Enhancer'),
      );
      await expect(start([type])).resolves.toBeDefined();
    },
  );
});
