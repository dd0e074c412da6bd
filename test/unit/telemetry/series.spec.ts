import { describe, expect, it } from 'vitest';
import { Series } from '../../../lib/telemetry/series.js';

const NAME = 'messaging.redis_task_queue.task.name';
const QUEUE = 'messaging.destination.name';

const operation = (name: string): object => ({
  'messaging.system': 'redis_task_queue',
  'messaging.operation.name': name,
  'messaging.operation.type': name,
});
const send = operation('send');

describe('the series of a metric', () => {
  it('are by queue and name, and made once', () => {
    const series = new Series('send');
    expect(series.of('q', 'n')).toEqual({ ...send, [QUEUE]: 'q', [NAME]: 'n' });
    expect(series.of('q', 'n')).toBe(series.of('q', 'n'));
    expect(series.of(undefined, 'n')).toEqual({ ...send, [NAME]: 'n' });
    expect(series.of('q', undefined)).toEqual({ ...send, [QUEUE]: 'q' });
  });

  it('are bounded, however many names there are', () => {
    const series = new Series('process');
    const all = Array.from({ length: 2_000 }, (_, n) => series.of('q', `n${n}`));
    expect(new Set(all).size).toBe(501);
    expect(series.of('q', 'n0')).toBe(all[0]);
    expect(series.of('q', 'new')).toEqual({ ...operation('process'), [QUEUE]: '_OTHER', [NAME]: '_OTHER' });
  });

  it('are bounded by types of errors as well', () => {
    const series = new Series('process');
    const types = Array.from({ length: 200 }, (_, n) => series.failed({}, `E${n}`)['error.type']);
    expect(new Set(types).size).toBe(51);
    expect(series.failed({}, 'E0')).toEqual({ 'error.type': 'E0' });
    expect(series.failed({}, 'new')).toEqual({ 'error.type': '_OTHER' });
  });
});
