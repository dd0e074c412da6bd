import os, redis, sys
client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
print(client.get("task_status:" + sys.argv[1]))
