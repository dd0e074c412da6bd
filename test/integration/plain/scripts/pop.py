import os, redis, sys
client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
print(client.brpop(sys.argv[1], timeout=10)[1])
