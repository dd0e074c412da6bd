import { readFileSync } from 'node:fs';

/** `name version` from a package.json. */
export function packageVersion(url: URL): string {
  const { name, version } = JSON.parse(readFileSync(url, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}
