/** The library as its users get it: what was built, typed by what it was built from. */
const built = new URL('../../../dist/index.js', import.meta.url).href;
const library = (await import(built)) as typeof import('../../../lib/index.js');

export const {
  RedisTaskQueueModule,
  SnoozeTask,
  TaskHandler,
  TaskProducer,
  TaskQueueAdmin,
  TaskScheduler,
  TaskStatusService,
} = library;
