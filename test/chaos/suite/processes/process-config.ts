import type { RunSettings } from '../settings.js';

/** What a process of a run needs to know; it stands on its command line. */
export interface ProcessConfig {
  label: string;
  /** The way to Redis. */
  url: string;
  /** Where the journals are. */
  folder: string;
  settings: RunSettings;
}

export interface ProducerConfig extends ProcessConfig {
  /** Which part of the plan is its own, from 0. */
  share: number;
}

export function readConfig<Config extends ProcessConfig>(): Config {
  return JSON.parse(process.argv[2] ?? '') as Config;
}
