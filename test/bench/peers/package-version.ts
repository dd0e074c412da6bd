import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** `name version` of a package. @param manifest its package.json: a path from here, or below an installed package */
export function packageVersion(manifest: string): string {
  const { name, version } = require(manifest) as { name: string; version: string };
  return `${name} ${version}`;
}
