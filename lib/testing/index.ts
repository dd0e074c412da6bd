export { RedisServer, type RedisConfigValue, type RedisServerOptions } from './redis-server.js';
export { RedisServerError } from './redis-server.error.js';
