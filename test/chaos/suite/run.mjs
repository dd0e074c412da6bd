/** `npm run chaos -- [options]`: runs the sources as they are. Options: see `options.ts`. */
await import('../../support/typescript/register.mjs');
await import('./chaos.ts');
