import { InvalidOptionsError } from '../errors/index.js';
import { type OpenTelemetryApi, OpenTelemetry } from './open-telemetry.js';
import type { Telemetry } from './telemetry.js';

/** The only place that loads the package: few need it. @throws InvalidOptionsError where it is not installed */
export async function loadTelemetry(): Promise<Telemetry> {
  return new OpenTelemetry(await load());
}

async function load(): Promise<OpenTelemetryApi> {
  try {
    return await import('@opentelemetry/api');
  } catch (cause) {
    const allowed = 'true only where @opentelemetry/api is installed: npm install @opentelemetry/api';
    throw new InvalidOptionsError([{ option: 'telemetry', given: true, allowed }], { cause });
  }
}
