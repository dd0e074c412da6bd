import { Controller, Get } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { RedisTaskQueueHealthIndicator } from 'nestjs-redis-task-queue';

@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly tasks: RedisTaskQueueHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  async check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.tasks.isHealthy('tasks', { maxWaiting: '5m' })]);
  }
}
