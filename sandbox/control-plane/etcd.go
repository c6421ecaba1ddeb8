package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// exitInUse is EX_TEMPFAIL: the launcher tells "another instance runs here" from every other failure by it.
const exitInUse = 75

var errInUse = errors.New("in use")

type etcdOptions struct {
	dataDir, clientURL, peerURL, logLevel string
	durable                               bool
	quotaBytes                            int64
	readyTimeout                          time.Duration
}

func runEtcd(args []string) error {
	options, err := parseEtcdOptions(args)
	if err != nil {
		return err
	}
	lock, err := lockDir(options.dataDir)
	if err != nil {
		return err
	}
	defer lock.Close()
	config, err := etcdConfig(options)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	gone := parentGone()
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd in %s did not start: %w", options.dataDir, err)
	}
	defer server.Close()
	select {
	case <-server.Server.ReadyNotify():
	case err := <-server.Err():
		return err
	case <-signals:
		return nil
	case <-gone:
		return nil
	case <-time.After(options.readyTimeout):
		return fmt.Errorf("etcd in %s was not ready after %s", options.dataDir, options.readyTimeout)
	}
	select {
	case err := <-server.Err():
		return err
	case <-server.Server.StopNotify():
	case <-signals:
	case <-gone:
	}
	return nil
}

func parseEtcdOptions(args []string) (etcdOptions, error) {
	var options etcdOptions
	flags := pflag.NewFlagSet("etcd", pflag.ContinueOnError)
	flags.StringVar(&options.dataDir, "data-dir", "", "where the database lives")
	flags.StringVar(&options.clientURL, "client-url", "http://127.0.0.1:2379", "address the API server connects to")
	flags.StringVar(&options.peerURL, "peer-url", "http://127.0.0.1:2380", "address etcd insists on for its peers")
	flags.StringVar(&options.logLevel, "log-level", "warn", "debug, info, warn or error")
	flags.BoolVar(&options.durable, "durable", false, "fsync every write; a sandbox survives a killed process without it, not a power cut")
	flags.Int64Var(&options.quotaBytes, "quota-bytes", 2<<30, "size at which the database refuses writes")
	flags.DurationVar(&options.readyTimeout, "ready-timeout", time.Minute, "how long to wait until ready")
	if err := flags.Parse(args); err != nil {
		return options, err
	}
	if options.dataDir == "" {
		return options, errors.New("--data-dir is required")
	}
	return options, nil
}

// lockDir takes a kernel lock that ends with the process, so a crash never leaves the folder locked. bbolt has one of
// its own but waits on it silently.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		owner, _ := os.ReadFile(file.Name())
		file.Close()
		return nil, fmt.Errorf("%s is %w by process %s", dir, errInUse, owner)
	}
	if err := file.Truncate(0); err != nil {
		return nil, err
	}
	_, err = fmt.Fprint(file, os.Getpid())
	return file, err
}

func etcdConfig(options etcdOptions) (*embed.Config, error) {
	client, err := url.Parse(options.clientURL)
	if err != nil {
		return nil, err
	}
	peer, err := url.Parse(options.peerURL)
	if err != nil {
		return nil, err
	}
	config := embed.NewConfig()
	config.Dir = filepath.Join(options.dataDir, "db")
	config.ListenClientUrls = []url.URL{*client}
	config.AdvertiseClientUrls = []url.URL{*client}
	config.ListenPeerUrls = []url.URL{*peer}
	config.AdvertisePeerUrls = []url.URL{*peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = options.logLevel
	config.UnsafeNoFsync = !options.durable
	config.QuotaBackendBytes = options.quotaBytes
	config.AutoCompactionMode = embed.CompactorModePeriodic
	config.AutoCompactionRetention = "5m"
	// Preallocated twice; the default of 64 MB would be most of a sandbox's disk use.
	wal.SegmentSizeBytes = 8 << 20
	// A lone member elects itself: a short election is the larger part of its start-up.
	config.TickMs = 20
	config.ElectionMs = 200
	return config, nil
}
