const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * While an application shuts down NestJS pays no attention to a second signal: whoever sends one does not want to wait. Where
 * nobody listens to a signal it ends the process, and so it shall remain.
 *
 * @returns stops listening
 */
export function onFurtherSignal(hurry: () => void): () => void {
  const signals = SIGNALS.filter((signal) => process.listenerCount(signal) > 0);
  for (const signal of signals) process.on(signal, hurry);
  return () => {
    for (const signal of signals) process.off(signal, hurry);
  };
}
