import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, runStep } from './run-step.mjs';

const settings = ['package.json', 'nest-cli.json', 'tsconfig.base.json', 'tsconfig.json'];

/** Builds the library unless its output is newer than all that it is made from. */
export function buildLibrary() {
  if (isFresh('dist/index.js', ['lib', ...settings])) return;
  runStep('Building the library', process.execPath, [nestCli, 'build']);
}

/** Builds the samples that are out of date; they compile against the library's output, which must be there. */
export function buildSamples() {
  for (const { name, folder } of samples()) {
    const sources = [`${folder}/src`, `${folder}/tsconfig.json`, 'lib', ...settings];
    if (isFresh(`${folder}/dist/main.js`, sources)) continue;
    runStep(`Building the sample ${name}`, process.execPath, [nestCli, 'build', name]);
  }
}

/** The applications that nest-cli.json lists, less those that are not there. */
export function samples() {
  const { projects } = JSON.parse(readFileSync(join(root, 'nest-cli.json'), 'utf8'));
  return Object.entries(projects)
    .map(([name, project]) => ({ name, folder: project.root }))
    .filter(({ folder }) => existsSync(join(root, folder, 'tsconfig.json')));
}

const nestCli = join(root, 'node_modules/@nestjs/cli/bin/nest.js');

function isFresh(output, sources) {
  const built = statSync(join(root, output), { throwIfNoEntry: false });
  return built !== undefined && sources.every((source) => newestChange(join(root, source)) <= built.mtimeMs);
}

/** A folder's own time counts too: that is where a deleted or renamed file shows. */
function newestChange(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return -Infinity;
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}
