/** `npm run soak -- [options]`. Options: see `options.ts`. */
await import('../../support/typescript/register.mjs');
await import('./main.ts');
