import { describe, expect, it } from 'vitest';
import { checkQueueName, checkTaskId, checkTaskName } from '../../../lib/broker/names.js';

describe('names', () => {
  it.each(['email', 'A.b_c-9', 'x'.repeat(64)])('accepts the queue %s', (name) =>
    expect(() => checkQueueName(name)).not.toThrow(),
  );
  it.each(['', 'a b', 'a:b', 'a#1', '{a}', 'ü', 'x'.repeat(65), 5, null, undefined])('refuses the queue %s', (name) =>
    expect(() => checkQueueName(name)).toThrow(expect.objectContaining({ code: 'INVALID_QUEUE' })),
  );

  it.each(['email.send', 'Send it!', 'zażółć', 'ü'.repeat(128)])('accepts the task name %s', (name) =>
    expect(() => checkTaskName(name)).not.toThrow(),
  );
  it.each(['', 'a\nb', '\u0000', 'ü'.repeat(129), 'x'.repeat(257), '\ud800', Symbol('x'), {}])(
    'refuses the task name %s',
    (name) => expect(() => checkTaskName(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' })),
  );

  it.each(['1', 'order:5', 'a"b\\c', 'a\nb', '😀', 'x'.repeat(256)])('accepts the id %j', (id) =>
    expect(() => checkTaskId(id)).not.toThrow(),
  );
  it.each(['', 'x'.repeat(257), '😀'.repeat(65), '\udc00', 5, null])('refuses the id %s', (id) =>
    expect(() => checkTaskId(id)).toThrow(expect.objectContaining({ code: 'INVALID_ID' })),
  );
});
