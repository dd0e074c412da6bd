import { defineConfig } from 'vitest/config';

export default defineConfig({
  // NestJS injects by the types that the decorators record.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['test/{unit,integration,chaos,samples}/**/*.spec.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    coverage: { include: ['lib/**/*.ts'] },
  },
});
