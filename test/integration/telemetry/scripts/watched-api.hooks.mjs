/** Counts who asks for the package, and where told so does not find it. */
let port;
let isMissing;

export function initialize(given) {
  ({ port, isMissing } = given);
}

export async function resolve(specifier, context, nextResolve) {
  if (!specifier.startsWith('@opentelemetry/')) return nextResolve(specifier, context);
  port.postMessage(specifier);
  // As Node tells it itself.
  return nextResolve(isMissing ? `${specifier}-missing` : specifier, context);
}
