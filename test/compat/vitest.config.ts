import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/compat/**/*.spec.ts'],
    // The first run downloads and installs.
    testTimeout: 300_000,
    hookTimeout: 30_000,
  },
});
