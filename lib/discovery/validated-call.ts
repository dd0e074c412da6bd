import { batchResults } from '../consumer/batch-results.js';
import { lastOf, untilOver } from '../consumer/observed.js';
import type { RunResult } from '../consumer/task-run.js';
import { parseData } from '../definition/parse-data.js';
import type { StandardSchema } from '../definition/standard-schema.js';
import { InvalidTaskDataError, TaskRejectedError } from '../errors/index.js';
import { type HandlerContext, throwIfOver } from '../handler/handler-context.js';
import type { TaskContext } from '../handler/task-context.js';
import type { HandlerMethod } from './handler-site.js';

/**
 * A call of a handler whose task has a schema: all that stands around the handler gets what the schema has made of the data. What is
 * invalid gets no further and is a dead letter, for it will not be any better next time. Where a schema fails to say, as one that asks a
 * database, the attempt fails.
 */
export function validatedCall(
  { name, batch }: { name: string; batch?: object | undefined },
  schema: StandardSchema,
  call: HandlerMethod,
): HandlerMethod {
  const parse = (data: unknown): unknown => parseData(name, schema, data);
  return batch ? validatedBatch(parse, call) : validatedTask(parse, call);
}

function validatedTask(parse: (data: unknown) => unknown, call: HandlerMethod): HandlerMethod {
  return (data, context) => {
    let parsed: unknown;
    try {
      parsed = parse(data);
    } catch (thrown) {
      throw verdict(thrown);
    }
    return parsed instanceof Promise ? callLater(parsed, context, call) : call(parsed, context);
  };
}

async function callLater(parsing: Promise<unknown>, context: HandlerContext, call: HandlerMethod): Promise<unknown> {
  const parsed = await parsing.catch((thrown: unknown) => {
    throw verdict(thrown);
  });
  // Its time may have run out meanwhile.
  throwIfOver(context);
  return call(parsed, context);
}

/** The tasks of a batch that are valid are handled without the others. */
function validatedBatch(parse: (data: unknown) => unknown, call: HandlerMethod): HandlerMethod {
  return async (data, context) => {
    const parsed = await Promise.allSettled((data as unknown[]).map(async (each) => parse(each)));
    const valid = parsed.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const contexts = (context as readonly TaskContext[]).filter((_, at) => parsed[at]?.status === 'fulfilled');
    const results = (valid.length > 0 ? await resultsOf(call, valid, contexts) : []).values();
    return parsed.map((each) =>
      outcomeOf(each.status === 'rejected' ? { thrown: verdict(each.reason) } : results.next().value),
    );
  };
}

/** Never rejects. */
async function resultsOf(
  call: HandlerMethod,
  data: readonly unknown[],
  contexts: readonly TaskContext[],
): Promise<RunResult[]> {
  try {
    throwIfOver(contexts);
    const returned: unknown = await call(data, contexts);
    return await batchResults(await lastOf(untilOver(returned, contexts), contexts), data.length);
  } catch (thrown) {
    return data.map(() => ({ thrown }));
  }
}

/** As a batch handler tells of one task: it may have thrown anything. */
async function outcomeOf(result: RunResult | undefined): Promise<unknown> {
  if (result && 'thrown' in result) throw result.thrown;
  return result?.value;
}

function verdict(thrown: unknown): unknown {
  return thrown instanceof InvalidTaskDataError ? new TaskRejectedError('schema', thrown) : thrown;
}
