import { defineConfig } from 'vitest/config';

export default defineConfig({
  // NestJS injects by the types that the decorators record.
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ['src/**/*.spec.ts'] },
});
