import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const APP = fileURLToPath(new URL('./app', import.meta.url));
const CONSUMERS = fileURLToPath(new URL('./consumers', import.meta.url));
/**
 * What is installed is kept from run to run, and outside of the repository: within it Node would find what the library does not
 * declare among the library's own dependencies.
 */
const WORK = join(
  tmpdir(),
  `task-queue-compat-${userInfo().uid}-${createHash('sha256').update(ROOT).digest('hex').slice(0, 12)}`,
);
const NPM = ['--no-audit', '--no-fund', '--loglevel=error', '--include=dev', '--fetch-retries=1'];

/** The part of a package.json that says what it takes. */
interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** An application with a set of peers of its own: a folder in `consumers`, and the code that all of them share. */
export class Consumer {
  private built: Promise<string> | undefined;

  private constructor(
    readonly name: string,
    /** Its dependencies, each in one version. */
    readonly versions: Readonly<Record<string, string>>,
  ) {}

  static async all(): Promise<Consumer[]> {
    const names = (await readdir(CONSUMERS)).sort();
    return Promise.all(
      names.map(async (name) => new Consumer(name, (await manifest(join(CONSUMERS, name))).dependencies)),
    );
  }

  /** The file to start, made from the packed library; once, however often it is asked for. */
  async main(): Promise<string> {
    return (this.built ??= this.build());
  }

  private async build(): Promise<string> {
    const folder = join(WORK, this.name);
    await this.installPeers(folder);
    await installLibrary(folder);
    await Promise.all(['src', 'dist'].map((part) => rm(join(folder, part), { recursive: true, force: true })));
    await cp(APP, join(folder, 'src'), { recursive: true });
    for (const part of ['src', 'tsconfig.json']) await copyPart(join(CONSUMERS, this.name), folder, part);
    await runCommand(process.execPath, ['node_modules/typescript/bin/tsc'], folder);
    return join(folder, 'dist/main.js');
  }

  /** `npm ci`, unless just that has been installed. */
  private async installPeers(folder: string): Promise<void> {
    const source = join(CONSUMERS, this.name);
    const wanted = await readFile(join(source, 'package-lock.json'), 'utf8');
    const installed = await readFile(join(folder, 'installed-lock.json'), 'utf8').catch(() => null);
    if (installed === wanted) return;
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const part of ['package.json', 'package-lock.json']) await copyPart(source, folder, part);
    await runCommand('npm', ['ci', ...NPM], folder);
    await cp(join(folder, 'package-lock.json'), join(folder, 'installed-lock.json'));
  }
}

/** What the library says of its peers. */
export async function peerRanges(): Promise<Record<string, string>> {
  return (await manifest(ROOT)).peerDependencies;
}

let packed: Promise<string> | undefined;

/** As a user does, from what would be published; refused where the peers are not what it asks for. */
async function installLibrary(folder: string): Promise<void> {
  const tarball = await (packed ??= pack());
  await rm(join(folder, 'node_modules/nestjs-redis-task-queue'), { recursive: true, force: true });
  await runCommand('npm', ['install', '--no-save', '--strict-peer-deps', '--prefer-offline', ...NPM, tarball], folder);
}

async function pack(): Promise<string> {
  await mkdir(WORK, { recursive: true });
  const output = await runCommand('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', WORK], ROOT);
  const [{ filename }] = JSON.parse(output) as [{ filename: string }];
  return join(WORK, filename);
}

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

async function copyPart(from: string, to: string, part: string): Promise<void> {
  await cp(join(from, part), join(to, part), { recursive: true });
}
