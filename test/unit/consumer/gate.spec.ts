import { describe, expect, it } from 'vitest';
import { Gate } from '../../../lib/consumer/gate.js';

describe('Gate', () => {
  it('lets one pass per opening, whether it was opened before or after', async () => {
    const gate = new Gate();
    gate.open();
    await gate.pass();
    let passed = false;
    const second = gate.pass().then(() => (passed = true));
    await Promise.resolve();
    expect(passed).toBe(false);
    gate.open();
    await second;
    expect(passed).toBe(true);
  });

  it('can be closed again, and gives up after a time', async () => {
    const gate = new Gate();
    gate.open();
    gate.close();
    const begun = performance.now();
    await gate.pass(30);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(25);
  });
});
