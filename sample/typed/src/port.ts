/** The port that the environment names. @throws for anything else, which Node would take for the path of a socket */
export function portFromEnvironment(text = process.env.PORT || '3000'): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= 65_535) return port;
  throw new Error(`PORT is "${text}"; allowed is a number from 0 (any free port) to 65535.`);
}
