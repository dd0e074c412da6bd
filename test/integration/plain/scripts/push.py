import os, redis, sys
client = redis.Redis.from_url(os.environ["REDIS_URL"])
client.lpush(sys.argv[1], sys.argv[2])
