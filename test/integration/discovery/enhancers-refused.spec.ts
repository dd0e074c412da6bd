import { type CanActivate, Injectable, type PipeTransform, UseFilters, UseGuards } from '@nestjs/common';
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

/** A guard that is left out lets everything pass: better no start than a start without it. */
describe('at start', () => {
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
