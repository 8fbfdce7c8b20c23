using Homeostat.Replica;

namespace Homeostat.Node.Loop;

/// <summary>
/// Hands views to readers: the newest through a volatile reference, and to who asked to be told
/// on a thread of its own, so that a subscriber never delays the event loop.
/// </summary>
internal sealed class ViewPublisher : IDisposable
{
    private readonly AutoResetEvent _published = new(false);
    private readonly Thread _thread;
    private readonly Action<Exception> _onFailure;
    private volatile ChainView? _view;
    private volatile bool _stopping;

    public ViewPublisher(Action<Exception> onFailure)
    {
        _onFailure = onFailure;
        _thread = new Thread(Run) { Name = "views", IsBackground = true };
    }

    public event Action<ChainView>? Changed;

    public ChainView? View => _view;

    public void Start() => _thread.Start();

    public void Publish(ChainView view)
    {
        _view = view;
        _published.Set();
    }

    public void Dispose()
    {
        _stopping = true;
        _published.Set();
        if (_thread.HasStarted()
            && Thread.CurrentThread != _thread
            && !_thread.Join(TimeSpan.FromSeconds(1)))
        {
            return; // A subscriber hangs; the process is about to end.
        }
        _published.Dispose();
    }

    private void Run()
    {
#pragma warning disable CA1031 // Handed to the node, which stops with the message.
        try
        {
            while (!_stopping)
            {
                _published.WaitOne();
                if (!_stopping && _view is { } view)
                {
                    Changed?.Invoke(view);
                }
            }
        }
        catch (Exception error)
        {
            _onFailure(error);
        }
#pragma warning restore CA1031
    }
}
