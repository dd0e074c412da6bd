/** `node --import <this file> script.ts`: runs the sources as they are, so a child process needs no build. */
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);

// As TypeScript itself would emit them.
globalThis.babelHelpers = {
  decorate(decorators, target, key, descriptor) {
    const isClass = key === undefined;
    let decorated = isClass ? target : descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
    for (const decorator of decorators.toReversed()) {
      decorated = (isClass ? decorator(decorated) : decorator(target, key, decorated)) ?? decorated;
    }
    if (!isClass && decorated) Object.defineProperty(target, key, decorated);
    return decorated;
  },
  decorateMetadata: (key, value) => Reflect.metadata(key, value),
  decorateParam: (index, decorator) => (target, key) => decorator(target, key, index),
};
