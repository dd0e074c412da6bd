/** The body of a request, and the data of the task that packs it. */
export interface Order {
  customer: string;
  item: string;
  quantity: string;
}
