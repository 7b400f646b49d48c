// The image has fixed ports: one container at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
