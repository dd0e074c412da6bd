export { RedisServer, type RedisConfigValue, type RedisServerOptions } from './redis-server.js';
export { RedisServerError, type RedisServerErrorCode } from './redis-server.error.js';
