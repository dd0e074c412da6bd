/** `node --import <this file> script.ts`: runs the sources as they are, so a child process needs no build. */
import { register } from 'node:module';

register('./hooks.mjs', import.meta.url);
