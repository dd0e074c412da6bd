import { Injectable } from '@nestjs/common';
import { TaskHandler } from 'nestjs-redis-task-queue';
import { map, type Observable, take, timer } from 'rxjs';
import { DELIVER, Delivery, type Receipt } from './delivery.js';
import { QUEUE } from './order.tasks.js';

@Injectable()
export class DeliveryTasks {
  @TaskHandler(DELIVER)
  deliver(delivery: Delivery): Receipt {
    return { delivered: delivery.label() };
  }

  @TaskHandler('delivery.track', { queue: QUEUE })
  track(): Observable<string> {
    return timer(0, 100).pipe(
      take(3),
      map((kilometres) => `${kilometres} km`),
    );
  }
}
