import { expect } from 'vitest';
import { modelView } from './model-view.js';
import type { ModelTask } from './model-task.js';
import type { Model } from './model.js';
import { redisView } from './redis-view.js';
import type { World } from './world.js';

/** Compares all that stands in Redis with the model, and makes sure that the model itself has lost and doubled nothing. */
export async function compare(world: World): Promise<void> {
  expect(await redisView(world)).toEqual(modelView(world));
  const misplaced = world.model.tasks.filter((task) => placesOf(world.model, task) !== 1);
  expect(misplaced).toEqual([]);
}

/** To have ended is a place, too. What was called off while it waited has ended, and leaves its list later. */
function placesOf(model: Model, task: ModelTask): number {
  if (task.hasEnded) return 1;
  const places = [...model.queue, ...model.suspects, ...model.scheduled.keys(), ...model.dead.values()];
  for (const { held } of model.workers.values()) places.push(...held);
  return places.filter((each) => each === task).length;
}
