"""Objects: files in a local folder or in a bucket of S3, Google Cloud Storage or Azure, by tenant."""

from central_server.infra.object_store.keys import Bucket, object_path
from central_server.infra.object_store.store import ObjectStore, PlacedObject, SignedPut, StoredObject
from central_server.infra.object_store.urls import object_store_from_url

__all__ = ["Bucket", "ObjectStore", "PlacedObject", "SignedPut", "StoredObject", "object_path", "object_store_from_url"]
